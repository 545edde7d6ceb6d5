package dev.sparsecast.deployer.rollout;

import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelKey;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What all deployers have acknowledged, as far as the compacted topic still tells: of each deployer at least what it said last
 * of a sub-model. For one thread.
 */
public final class Acknowledgements {
    private static final int VERSIONS = 16;

    private record Reporter(SubModelKey key, String deployer) {}

    private final Map<Reporter, TreeMap<Integer, SubModelDeployment>> byReporter = new HashMap<>();

    /** Takes an acknowledgement; of one deployer and version the last one counts. */
    public void add(SubModelDeployment acknowledgement) {
        SubModelKey key = new SubModelKey(acknowledgement.model(), acknowledgement.submodel());
        TreeMap<Integer, SubModelDeployment> versions =
                byReporter.computeIfAbsent(new Reporter(key, acknowledgement.deployer()), absent -> new TreeMap<>());
        versions.put(acknowledgement.version(), acknowledgement);
        if (versions.size() > VERSIONS) {
            versions.pollFirstEntry();
        }
    }

    /** Forgets a deployer: its record was removed from the topic. */
    public void remove(SubModelKey key, String deployer) {
        byReporter.remove(new Reporter(key, deployer));
    }

    /** The deployers that ever acknowledged a release of a sub-model. */
    Set<String> deployers(SubModelKey key) {
        Set<String> deployers = new TreeSet<>();
        byReporter.keySet().stream()
                .filter(reporter -> reporter.key().equals(key))
                .forEach(reporter -> deployers.add(reporter.deployer()));
        return deployers;
    }

    /** What a deployer said of a version. */
    Optional<SubModelDeployment> of(SubModelKey key, String deployer, int version) {
        TreeMap<Integer, SubModelDeployment> versions = byReporter.get(new Reporter(key, deployer));
        return versions == null ? Optional.empty() : Optional.ofNullable(versions.get(version));
    }
}
