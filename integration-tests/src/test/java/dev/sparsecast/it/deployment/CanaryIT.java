package dev.sparsecast.it.deployment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sparsecast.deployer.DeployerService;
import dev.sparsecast.deployer.SubModelListener;
import dev.sparsecast.deployer.rollout.Canaries;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelDeployment.State;
import dev.sparsecast.schemas.SubModelRelease;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Several deployers on a real broker, some of which go first. */
@Timeout(300)
class CanaryIT {
    private static final Duration LONG = Duration.ofMinutes(2);

    @TempDir
    Path directory;

    private final Map<String, DeployerService> running = new HashMap<>();
    private final Set<Integer> bad = ConcurrentHashMap.newKeySet();
    private ReleaseBoard board;

    @BeforeEach
    void openBoard() throws Exception {
        board = ReleaseBoard.open(directory, "canary-it");
    }

    @AfterEach
    void closeAll() {
        running.values().forEach(DeployerService::close);
        board.close();
    }

    /** Starts a deployer whose server cannot load what is bad. */
    private void start(String name) {
        SubModelListener listener = new SubModelListener() {
            @Override
            public void switched(String submodel, int version, Path loaded) {
                if (bad.contains(version)) {
                    throw new IllegalStateException("the server does not start");
                }
            }
        };
        running.put(name, DeployerService.start(board.settings(name), listener));
    }

    private void awaitVersion(int version, Iterable<String> names) {
        for (String name : names) {
            await().atMost(LONG)
                    .alias(name + " at version " + version)
                    .until(() -> running.get(name).current().getOrDefault("python", 0) == version);
        }
    }

    private static List<String> names(Predicate<String> choice) {
        return IntStream.range(0, 1000)
                .mapToObj(number -> "deployer-" + number)
                .filter(choice)
                .limit(2)
                .toList();
    }

    @Test
    void theOthersFollowTheCanariesAndOnlyWhenThoseAreWell() throws Exception {
        SubModelRelease second = board.release(2, 0.3);
        SubModelRelease third = board.release(3, 0.3);
        // the same deployers go first both times
        List<String> canaries = names(name -> Canaries.includes(second, name) && Canaries.includes(third, name));
        List<String> others = names(name -> !Canaries.includes(second, name) && !Canaries.includes(third, name));
        String late = names(name ->
                        !Canaries.includes(second, name) && !Canaries.includes(third, name) && !others.contains(name))
                .getFirst();
        List<String> all = Stream.concat(canaries.stream(), others.stream()).toList();
        board.announce(board.release(1, 1));
        all.forEach(this::start);
        awaitVersion(1, all);

        board.announce(second);
        awaitVersion(2, all);
        List<String> order = new ArrayList<>();
        await().atMost(LONG).until(() -> deployed(2).size() == all.size());
        deployed(2).forEach(word -> order.add(word.deployer()));
        assertThat(order.subList(0, canaries.size())).hasSameElementsAs(canaries);

        bad.add(3);
        board.announce(third);
        await().atMost(LONG).until(() -> words(3).size() == canaries.size());
        start(late);
        awaitVersion(2, List.of(late));
        running.remove(others.getFirst()).close();
        start(others.getFirst()); // it forgets nothing by that
        awaitVersion(2, all);

        bad.clear();
        board.announce(board.release(4, 1));
        awaitVersion(4, all);
        awaitVersion(4, List.of(late));
        assertThat(words(3)).allSatisfy(word -> {
            assertThat(word.state()).isEqualTo(State.ROLLED_BACK);
            assertThat(canaries).contains(word.deployer());
        });
    }

    @Test
    void everybodyLeavesARevokedVersion() throws Exception {
        List<String> all = List.of("deployer-1", "deployer-2");
        all.forEach(this::start);
        board.announce(board.release(1, 1));
        awaitVersion(1, all);
        board.announce(board.release(2, 1));
        awaitVersion(2, all);

        SubModelRelease third = board.release(3, 1, 2, 3);
        board.announce(board.world.key.sign(dev.sparsecast.deployer.TestWorld.withArtifacts(third, List.of())
                .withRollout(third.rollout())));

        awaitVersion(1, all);
        await().atMost(LONG)
                .until(() -> words(2).stream()
                                .filter(word -> word.state() == State.ROLLED_BACK)
                                .count()
                        == all.size());
        assertThat(words(3)).extracting(SubModelDeployment::state).containsOnly(State.REFUSED);
    }

    private List<SubModelDeployment> words(int version) {
        return board.acknowledgements().stream()
                .filter(word -> word.version() == version)
                .toList();
    }

    private List<SubModelDeployment> deployed(int version) {
        return words(version).stream()
                .filter(word -> word.state() == State.DEPLOYED)
                .toList();
    }
}
