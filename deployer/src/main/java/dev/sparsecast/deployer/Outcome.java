package dev.sparsecast.deployer;

import dev.sparsecast.schemas.SubModelDeployment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/** What became of a release. */
public sealed interface Outcome {
    /** Name of the sub-model. */
    String submodel();

    /** Version of the release. */
    int version();

    /**
     * It is in use and was found good.
     *
     * @param directory its checkpoint
     * @param stages how long each stage of its installation took, by name
     */
    record Deployed(String submodel, int version, Path directory, Map<String, Duration> stages) implements Outcome {
        public Deployed {
            stages = Map.copyOf(stages);
        }
    }

    /** It never came into use. */
    record Refused(String submodel, int version, String reason) implements Outcome {}

    /** It came into use, was found wanting, and the version before is in use again. */
    record RolledBack(String submodel, int version, String reason) implements Outcome {}

    /** What an acknowledgement says. */
    static Outcome of(SubModelDeployment deployment) {
        return switch (deployment.state()) {
            case DEPLOYED ->
                new Deployed(
                        deployment.submodel(),
                        deployment.version(),
                        Path.of(deployment.directory()),
                        durations(deployment.stageMillis()));
            case ROLLED_BACK -> new RolledBack(deployment.submodel(), deployment.version(), deployment.reason());
            case REFUSED, UNKNOWN -> new Refused(deployment.submodel(), deployment.version(), deployment.reason());
        };
    }

    private static Map<String, Duration> durations(Map<String, Long> millis) {
        Map<String, Duration> durations = new TreeMap<>();
        millis.forEach((stage, time) -> durations.put(stage, Duration.ofMillis(time)));
        return durations;
    }
}
