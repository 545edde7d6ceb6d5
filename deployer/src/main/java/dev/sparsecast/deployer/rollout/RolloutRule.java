package dev.sparsecast.deployer.rollout;

import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelDeployment.State;
import dev.sparsecast.schemas.SubModelRelease;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * When a deployer takes a release:
 *
 * <ol>
 *   <li>A canary takes it at once.
 *   <li>Nobody else takes it while a canary's word on it is that it refused it or switched back.
 *   <li>The others take it when more than half of the canaries that the topic knows have deployed it, and at least one.
 *   <li>From {@code patience} after it was released, one canary that deployed it is enough; and none is needed if the topic
 *       knows no canary, as in a small fleet. If there are canaries and none of them says anything, silence is no consent:
 *       the release waits for a word of theirs, or for a newer release.
 * </ol>
 *
 * A deployer that starts later reads the same topic and comes to the same answer.
 */
public final class RolloutRule {
    private final String deployer;
    private final Duration patience;
    private final InstantSource clock;

    /**
     * @param deployer the name of the one that asks
     * @param patience after which fewer canaries are enough
     */
    public RolloutRule(String deployer, Duration patience, InstantSource clock) {
        this.deployer = deployer;
        this.patience = patience;
        this.clock = clock;
    }

    /** Whether it is the deployer's turn to take a release. */
    public Turn turn(SubModelRelease release, Acknowledgements acknowledgements) {
        if (Canaries.includes(release, deployer)) {
            return new Turn.Ours();
        }
        List<String> canaries = acknowledgements.deployers(release.key()).stream()
                .filter(name -> Canaries.includes(release, name))
                .toList();
        List<SubModelDeployment> words = new ArrayList<>();
        canaries.forEach(name ->
                acknowledgements.of(release.key(), name, release.version()).ifPresent(words::add));
        Optional<SubModelDeployment> objection = words.stream()
                .filter(word -> word.state() == State.REFUSED || word.state() == State.ROLLED_BACK)
                .findFirst();
        if (objection.isPresent()) {
            return new Turn.Later("the canary " + objection.get().deployer() + " did not find it good: "
                    + objection.get().reason());
        }
        long good =
                words.stream().filter(word -> word.state() == State.DEPLOYED).count();
        boolean late = !clock.instant().isBefore(release.releasedAt().plus(patience));
        if (good * 2 > canaries.size() || late && (good > 0 || canaries.isEmpty())) {
            return new Turn.Ours();
        }
        return new Turn.Later(good + " of " + canaries.size() + " known canaries have deployed it"
                + (late ? ", and the time-out is over" : ""));
    }
}
