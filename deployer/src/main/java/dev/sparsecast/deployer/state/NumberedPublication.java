package dev.sparsecast.deployer.state;

import dev.sparsecast.store.Durable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.NavigableSet;
import java.util.OptionalInt;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.stream.Stream;

/**
 * {@link Layout#VERSIONS}: a version is published by moving it from {@code .sparsecast/versions/<n>} to {@code <n>}, and the
 * highest is in use. To go back, the higher ones are moved away, the highest last.
 */
final class NumberedPublication implements Publication {
    private final Path root;
    private final Path hidden;

    NumberedPublication(Path root) {
        this.root = root;
        this.hidden = home().resolve("versions");
    }

    @Override
    public Path home() {
        return root.resolve(".sparsecast");
    }

    @Override
    public void recover(IntPredicate isComplete) throws IOException {
        for (int version : published()) {
            if (!isComplete.test(version)) {
                throw new StateException(
                        shown(version) + " is no version that this deployer has made: move it out of the way");
            }
        }
    }

    @Override
    public OptionalInt current() throws IOException {
        NavigableSet<Integer> published = published();
        return published.isEmpty() ? OptionalInt.empty() : OptionalInt.of(published.last());
    }

    @Override
    public Instant switchedAt() throws IOException {
        return Files.getLastModifiedTime(root).toInstant();
    }

    @Override
    public Path directory(int version) {
        Path shown = shown(version);
        return Files.isDirectory(shown) ? shown : hidden.resolve(Integer.toString(version));
    }

    @Override
    public void switchTo(int version) throws IOException {
        if (!Files.isDirectory(shown(version))) {
            Files.move(directory(version), shown(version), StandardCopyOption.ATOMIC_MOVE);
            syncBoth();
        }
        for (int higher : published().tailSet(version, false)) {
            hide(higher);
        }
    }

    @Override
    public void leave() throws IOException {
        for (int version : published()) {
            hide(version);
        }
    }

    @Override
    public void hide(int version) throws IOException {
        if (Files.isDirectory(shown(version))) {
            Files.move(shown(version), hidden.resolve(Integer.toString(version)), StandardCopyOption.ATOMIC_MOVE);
            syncBoth();
        }
    }

    private Path shown(int version) {
        return root.resolve(Integer.toString(version));
    }

    private void syncBoth() throws IOException {
        Durable.sync(root);
        Durable.sync(hidden);
    }

    private NavigableSet<Integer> published() throws IOException {
        NavigableSet<Integer> published = new TreeSet<>();
        try (Stream<Path> entries = Files.list(root)) {
            entries.map(entry -> root.relativize(entry).toString())
                    .filter(name -> VERSION.matcher(name).matches())
                    .forEach(name -> published.add(Integer.parseInt(name)));
        }
        return published;
    }
}
