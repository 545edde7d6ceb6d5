package dev.sparsecast.deployer.installation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.deployer.TestWorld;
import dev.sparsecast.deployer.TestWorld.Deployer;
import dev.sparsecast.deployer.hook.Hook;
import dev.sparsecast.deployer.hook.HookException;
import dev.sparsecast.deployer.state.Layout;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelDeployment.State;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.store.Durable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A deployer that is killed after any step, and started again, ends where one ends that was not. */
class KilledTest {
    @TempDir
    Path directory;

    private static final class Killed extends Error {
        private static final long serialVersionUID = 1L;
    }

    static List<Arguments> stepsOfBothLayouts() {
        List<Class<? extends Step>> steps = List.of(
                Step.Received.class,
                Step.Staged.class,
                Step.Verified.class,
                Step.Materialized.class,
                Step.Synced.class,
                Step.Switched.class,
                Step.Deployed.class);
        return Stream.of(Layout.values())
                .flatMap(layout -> steps.stream().map(step -> Arguments.of(step, layout)))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("stepsOfBothLayouts")
    void endsInTheSameState(Class<? extends Step> step, Layout layout) throws IOException {
        Map<String, String> expected = unharmed(layout);
        try (TestWorld world = new TestWorld(directory.resolve("killed"))) {
            world.layout = layout;
            SubModelRelease first = world.release("python", 1);
            SubModelRelease second = world.release("python", 2);
            try (Deployer deployer = world.deployer()) {
                deployer.install(first);
            }

            kill(world, second, step, List.of());
            world.assertInstalled(world.current("python").toRealPath().endsWith("2") ? second : first);

            try (Deployer deployer = world.deployer()) {
                world.assertInstalled(world.current("python").toRealPath().endsWith("2") ? second : first);
                assertThat(deployer.install(first, second))
                        .extracting(SubModelDeployment::state)
                        .contains(State.DEPLOYED)
                        .doesNotContain(State.ROLLED_BACK);
                world.assertInstalled(second);
            }
            assertThat(world.contents()).isEqualTo(expected);
        }
    }

    private Map<String, String> unharmed(Layout layout) throws IOException {
        try (TestWorld world = new TestWorld(directory.resolve("unharmed"))) {
            world.layout = layout;
            try (Deployer deployer = world.deployer()) {
                deployer.install(world.release("python", 1));
                deployer.install(world.release("python", 2));
                return world.contents();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"Switched,LINK", "Switched,VERSIONS", "RolledBack,LINK", "RolledBack,VERSIONS"})
    void rollsBackAfterAllWhenItWasKilledBeforeItCould(String name, Layout layout) throws Exception {
        Class<? extends Step> step =
                Class.forName(Step.class.getName() + "$" + name).asSubclass(Step.class);
        Hook objection = switched -> {
            if (switched.version() == 2) {
                throw new HookException("no");
            }
        };
        try (TestWorld world = new TestWorld(directory)) {
            world.layout = layout;
            SubModelRelease first = world.release("python", 1);
            SubModelRelease second = world.release("python", 2);
            try (Deployer deployer = world.deployer()) {
                deployer.install(first);
            }

            kill(world, second, step, List.of(objection));

            try (Deployer deployer = world.deployer(StepObserver.NONE, List.of(objection))) {
                assertThat(deployer.install(second))
                        .extracting(SubModelDeployment::state)
                        .containsExactly(State.ROLLED_BACK);
                world.assertInstalled(first);
            }
        }
    }

    @Test
    void switchesBackAsSoonAsItStartsWhenItWasKilledInTheMiddleOfThat() throws IOException {
        Hook objection = switched -> {
            throw new HookException("no");
        };
        try (TestWorld world = new TestWorld(directory)) {
            SubModelRelease first = world.release("python", 1);
            SubModelRelease second = world.release("python", 2);
            try (Deployer deployer = world.deployer()) {
                deployer.install(first);
            }
            kill(world, second, Step.RolledBack.class, List.of(objection));
            Path python = world.state.resolve("python");
            Path saved = copy(python.resolve("versions"), directory.resolve("saved"));
            try (Deployer deployer = world.deployer(StepObserver.NONE, List.of(objection))) {
                deployer.install(second);
            }
            // as it was after the rejection had been written and before current was switched back
            Durable.deleteTree(python.resolve("versions"));
            Files.move(saved, python.resolve("versions"));
            Files.delete(python.resolve("current"));
            Files.createSymbolicLink(python.resolve("current"), Path.of("versions/2"));

            try (Deployer deployer = world.deployer()) {
                assertThat(deployer.state().current()).containsEntry("python", 1);
                world.assertInstalled(first);
                assertThat(python.resolve("versions/2")).doesNotExist();
            }
        }
    }

    private static Path copy(Path from, Path to) throws IOException {
        try (Stream<Path> paths = Files.walk(from)) {
            for (Path path : paths.toList()) {
                Files.copy(path, to.resolve(from.relativize(path)));
            }
        }
        return to;
    }

    private static void kill(TestWorld world, SubModelRelease release, Class<? extends Step> at, List<Hook> hooks) {
        StepObserver killer = (ignored, step) -> {
            if (at.isInstance(step)) {
                throw new Killed();
            }
        };
        try (Deployer deployer = world.deployer(killer, hooks)) {
            assertThatThrownBy(() -> deployer.install(release)).isInstanceOf(Killed.class);
        }
    }
}
