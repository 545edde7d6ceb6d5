package dev.sparsecast.it.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.deployer.materialization.MaskCheck;
import dev.sparsecast.schemas.SubModelRelease;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Looks at what the deployer holds: all the time at what {@code current} links to, and in the end at every weight. */
final class DeploymentAudit implements AutoCloseable {
    private final Path deployed;
    private final Set<Path> seen = new HashSet<>();
    private final Thread watcher = new Thread(this::watch, "watch-deployed");
    private volatile boolean closing;
    private volatile String damage = "";

    DeploymentAudit(Path deployed) {
        this.deployed = deployed;
        watcher.start();
    }

    /** Every {@code current} that there ever was linked to a directory that its deployer had called complete. */
    private void watch() {
        while (!closing) {
            try {
                for (Path directory : subModels()) {
                    Path target = Files.readSymbolicLink(directory.resolve("current"));
                    boolean isNew = seen.add(directory.resolve(target));
                    if (isNew && !Files.exists(directory.resolve(target + ".json"))) {
                        damage = directory.resolve(target) + " was current without being complete";
                    }
                }
                Thread.sleep(20);
            } catch (NoSuchFileException e) {
                // nothing deployed yet
            } catch (IOException | InterruptedException e) {
                damage = "cannot watch " + deployed + ": " + e;
                return;
            }
        }
    }

    private List<Path> subModels() throws IOException {
        if (!Files.isDirectory(deployed)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(deployed)) {
            return entries.filter(entry -> Files.isSymbolicLink(entry.resolve("current")))
                    .toList();
        }
    }

    /** The newest version of each sub-model. */
    static Map<String, SubModelRelease> newest(List<SubModelRelease> releases) {
        return releases.stream()
                .collect(Collectors.toMap(
                        SubModelRelease::submodel,
                        Function.identity(),
                        BinaryOperator.maxBy(java.util.Comparator.comparingInt(SubModelRelease::version))));
    }

    /** Whether the newest version of each sub-model is in use. */
    boolean isUpToDate(List<SubModelRelease> releases) {
        return newest(releases).values().stream().allMatch(release -> {
            Path current = deployed.resolve(release.submodel()).resolve("current");
            return Files.isSymbolicLink(current) && release.version() == version(current);
        });
    }

    private static int version(Path current) {
        try {
            return Integer.parseInt(
                    Files.readSymbolicLink(current).getFileName().toString());
        } catch (IOException e) {
            return 0;
        }
    }

    /** Compares every weight of every version on disk with the base model and the release's mask; returns how many. */
    int check(List<SubModelRelease> releases, Checkpoint base) throws IOException {
        assertThat(damage).isEmpty();
        int checked = 0;
        for (SubModelRelease release : releases) {
            Path versions = deployed.resolve(release.submodel()).resolve("versions");
            if (Files.exists(versions.resolve(release.version() + ".json"))) {
                MaskCheck.check(
                        base,
                        versions.resolve(Integer.toString(release.version())),
                        release.recipe().maskDigest(),
                        1);
                checked++;
            }
        }
        return checked;
    }

    @Override
    public void close() throws InterruptedException {
        closing = true;
        watcher.join();
    }
}
