package dev.sparsecast.deployer.state;

import dev.sparsecast.store.Durable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.OptionalInt;
import java.util.function.IntPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@link Layout#LINK}: {@code current} is a link to {@code versions/<n>}. */
final class LinkedPublication implements Publication {
    private static final Logger LOG = LoggerFactory.getLogger(LinkedPublication.class);
    private static final Pattern LINK = Pattern.compile("versions/(" + VERSION + ")");

    private final Path root;
    private final Path current;

    LinkedPublication(Path root) {
        this.root = root;
        this.current = root.resolve("current");
    }

    @Override
    public Path home() {
        return root;
    }

    @Override
    public void recover(IntPredicate isComplete) throws IOException {
        OptionalInt inUse = current();
        if (Files.isSymbolicLink(current) && (inUse.isEmpty() || !isComplete.test(inUse.getAsInt()))) {
            LOG.atWarn()
                    .addKeyValue("submodel", root.getFileName())
                    .log("current pointed to something that is not a complete version; it points to nothing now");
            leave();
        }
    }

    @Override
    public OptionalInt current() throws IOException {
        if (!Files.exists(current, LinkOption.NOFOLLOW_LINKS)) {
            return OptionalInt.empty();
        }
        if (!Files.isSymbolicLink(current)) {
            throw new StateException(current + " is not a link to a version: move it out of the way");
        }
        Matcher target = LINK.matcher(Files.readSymbolicLink(current).toString());
        return target.matches() ? OptionalInt.of(Integer.parseInt(target.group(1))) : OptionalInt.empty();
    }

    @Override
    public Instant switchedAt() throws IOException {
        return Files.getLastModifiedTime(current, LinkOption.NOFOLLOW_LINKS).toInstant();
    }

    @Override
    public Path directory(int version) {
        return root.resolve("versions").resolve(Integer.toString(version));
    }

    @Override
    public void switchTo(int version) throws IOException {
        Path link = root.resolve("staging").resolve("current");
        Files.deleteIfExists(link);
        Files.createSymbolicLink(link, root.relativize(directory(version)));
        Files.move(link, current, StandardCopyOption.ATOMIC_MOVE);
        Durable.sync(root);
    }

    @Override
    public void leave() throws IOException {
        Files.deleteIfExists(current);
        Durable.sync(root);
    }

    @Override
    public void hide(int version) {
        // nobody who follows the link sees it
    }
}
