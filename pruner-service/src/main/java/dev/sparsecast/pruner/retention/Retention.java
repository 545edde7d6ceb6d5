package dev.sparsecast.pruner.retention;

import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.store.ArtifactStore;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes old versions of a sub-model from the store. What stays is the release in use, the newest versions before it that
 * were not withdrawn, and whatever any of these needs: versions that it takes files from or restores, and the one that its
 * delta starts from. Versions newer than the one in use are never touched, since somebody may be making them.
 *
 * <p>A version without a manifest was never released, or its removal was interrupted; it counts for nothing and goes. The
 * manifest is the first that is removed of a version, so that a half removed one is never taken for whole.
 */
public final class Retention {
    private static final Logger log = LoggerFactory.getLogger(Retention.class);
    private static final String MANIFEST = "manifest.json";

    private final ArtifactStore store;
    private final int keep;

    /**
     * @param keep how many versions before the one in use stay, to go back to
     * @throws IllegalArgumentException if that is negative
     */
    public Retention(ArtifactStore store, int keep) {
        if (keep < 0) {
            throw new IllegalArgumentException("the number of versions to keep is " + keep + ": give 0 or more");
        }
        this.store = store;
        this.keep = keep;
    }

    /**
     * What is to be done with a sub-model's versions.
     *
     * @param kept versions that stay
     * @param removed files of the versions that go, in the order in which they are removed
     */
    public record Plan(Set<Integer> kept, NavigableMap<Integer, List<String>> removed) {}

    /**
     * Says what would be removed.
     *
     * @param inUse the newest release that was announced of a sub-model
     * @throws dev.sparsecast.store.StoreException if the store cannot be read
     */
    public Plan plan(SubModelRelease inUse) {
        String prefix = inUse.model() + "/" + inUse.submodel() + "/";
        NavigableMap<Integer, List<String>> files = files(prefix);
        NavigableMap<Integer, StoredManifest> manifests = new TreeMap<>();
        for (int version : files.keySet()) {
            StoredManifest.read(store, prefix + version + "/" + MANIFEST)
                    .ifPresent(manifest -> manifests.put(version, manifest));
        }
        manifests.put(inUse.version(), StoredManifest.of(inUse));
        Set<Integer> kept = new TreeSet<>(files.tailMap(inUse.version(), true).keySet());
        List<StoredManifest> released = new ArrayList<>();
        released.add(StoredManifest.of(inUse));
        manifests.headMap(inUse.version(), false).descendingMap().values().stream()
                .filter(manifest -> !inUse.rollout().isRevoked(manifest.version()))
                .limit(keep)
                .forEach(released::add);
        for (StoredManifest manifest : released) {
            kept.add(manifest.version());
            manifest.parent().ifPresent(kept::add);
            manifest.restores().ifPresent(kept::add);
            manifest.artifacts().forEach(artifact -> version(prefix, artifact, kept));
        }
        files.keySet().removeAll(kept);
        return new Plan(kept, files);
    }

    /**
     * Removes what the plan says. May be interrupted; the next time does the rest.
     *
     * @param inUse the newest release that was announced of a sub-model
     * @return what was done
     * @throws dev.sparsecast.store.StoreException if the store does not answer
     */
    public Plan apply(SubModelRelease inUse) {
        Plan plan = plan(inUse);
        plan.removed().forEach((version, files) -> {
            files.forEach(store::delete);
            log.atInfo()
                    .addKeyValue("model", inUse.model())
                    .addKeyValue("submodel", inUse.submodel())
                    .addKeyValue("version", version)
                    .addKeyValue("files", files.size())
                    .log("Removed an old version from the store");
        });
        return plan;
    }

    /** Files of every version: manifests first, then listings of directories, then the rest. */
    private NavigableMap<Integer, List<String>> files(String prefix) {
        NavigableMap<Integer, List<String>> files = new TreeMap<>();
        for (String name : store.list(prefix)) {
            Matcher versioned = versioned(prefix).matcher(name);
            if (versioned.matches()) {
                files.computeIfAbsent(Integer.parseInt(versioned.group(1)), absent -> new ArrayList<>())
                        .add(name);
            }
        }
        for (Map.Entry<Integer, List<String>> version : files.entrySet()) {
            version.getValue().sort(Comparator.comparingInt(Retention::rank).thenComparing(Comparator.naturalOrder()));
        }
        return files;
    }

    private static int rank(String name) {
        return name.endsWith("/" + MANIFEST) ? 0 : name.endsWith(".files") ? 1 : 2;
    }

    /** Adds the version that a file belongs to. */
    private static void version(String prefix, String name, Set<Integer> versions) {
        Matcher versioned = versioned(prefix).matcher(name);
        if (versioned.matches()) {
            versions.add(Integer.parseInt(versioned.group(1)));
        }
    }

    private static Pattern versioned(String prefix) {
        return Pattern.compile(Pattern.quote(prefix) + "([1-9][0-9]{0,8})/.+");
    }
}
