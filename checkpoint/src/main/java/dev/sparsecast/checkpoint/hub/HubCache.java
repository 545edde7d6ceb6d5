package dev.sparsecast.checkpoint.hub;

import dev.sparsecast.checkpoint.CheckpointException;
import dev.sparsecast.checkpoint.ShardIndex;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.UUID;

/**
 * One model's directory in the cache that all libraries of the Hugging Face hub share:
 *
 * <pre>
 * models--org--name/refs/main              the commit that the revision stood for when it was fetched
 * models--org--name/snapshots/COMMIT/FILE  link to the blob
 * models--org--name/blobs/DIGEST           content, named by its digest
 * </pre>
 */
final class HubCache {
    private final Path root;
    private final HubId id;
    private final Path directory;

    HubCache(Path root, HubId id) {
        this.root = root;
        this.id = id;
        this.directory = root.resolve(folder());
    }

    private String folder() {
        return "models--" + id.organization() + "--" + id.name();
    }

    /** The commit that the revision stands for, as far as the cache knows. */
    Optional<String> commit() {
        if (HubId.isCommit(id.revision())) {
            return Optional.of(id.revision());
        }
        Path reference = reference();
        try {
            return Files.isRegularFile(reference)
                    ? Optional.of(Files.readString(reference).strip()).filter(HubId::isCommit)
                    : Optional.empty();
        } catch (IOException e) {
            throw new CheckpointException("cannot read " + reference + ": " + e.getMessage(), e);
        }
    }

    private Path reference() {
        return directory.resolve("refs").resolve(id.revision());
    }

    Path snapshot(String commit) {
        return directory.resolve("snapshots").resolve(commit);
    }

    Path blob(String digest) {
        return directory.resolve("blobs").resolve(digest);
    }

    /** What a process holds locked while it fetches a blob. */
    Path lock(String digest) {
        return root.resolve(".locks").resolve(folder()).resolve(digest + ".lock");
    }

    /** Whether a snapshot has its config and all weights. */
    static boolean hasModel(Path snapshot) {
        if (!Files.isRegularFile(snapshot.resolve("config.json"))) {
            return false;
        }
        Path index = snapshot.resolve(ShardIndex.INDEX);
        return Files.isRegularFile(snapshot.resolve(ShardIndex.SINGLE))
                || Files.isRegularFile(index)
                        && ShardIndex.shards(index).stream()
                                .allMatch(shard -> Files.isRegularFile(snapshot.resolve(shard)));
    }

    /** Whether a snapshot has all that a model can need. */
    static boolean isComplete(Path snapshot) {
        return hasModel(snapshot) && Files.isRegularFile(snapshot.resolve("tokenizer.json"));
    }

    /** Gives a blob its name in a snapshot. */
    void link(String commit, String file, String digest) throws IOException {
        Path snapshot = Files.createDirectories(snapshot(commit));
        Path link = snapshot.resolve(file);
        if (Files.exists(link)) {
            return;
        }
        try {
            Files.deleteIfExists(link);
            Files.createSymbolicLink(link, snapshot.relativize(blob(digest)));
        } catch (FileAlreadyExistsException e) {
            // another process was faster
        } catch (UnsupportedOperationException e) {
            Files.move(blob(digest), link);
        }
    }

    /** Notes what the revision stands for now. */
    void refer(String commit) throws IOException {
        if (HubId.isCommit(id.revision())) {
            return;
        }
        Path reference = reference();
        Files.createDirectories(reference.getParent());
        Path written = Files.writeString(
                reference.resolveSibling("." + reference.getFileName() + "." + UUID.randomUUID()), commit);
        Files.move(written, reference, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
