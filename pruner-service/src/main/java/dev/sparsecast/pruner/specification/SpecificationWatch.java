package dev.sparsecast.pruner.specification;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sub-models to make, and the file that they are from: when that changes, the new ones are in force from then on. A
 * change that cannot be used is reported in one line, and the old ones stay in force until the file is right. Used by one
 * thread.
 */
public final class SpecificationWatch {
    private static final Logger log = LoggerFactory.getLogger(SpecificationWatch.class);
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(1);

    private final Optional<Path> file;
    private final UnaryOperator<List<SubModelSpecification>> usable;
    private final LongSupplier nanoTime;
    private List<SubModelSpecification> submodels;
    /** What the file held when it was last looked at; nothing at first, so that no change before that is missed. */
    private byte @Nullable [] seen;

    private boolean right = true;
    private long lookedAt;

    /**
     * Begins with sub-models that were read already.
     *
     * @param file that they are from; empty if they never change
     * @param usable picks those to make, or throws a {@link SpecificationException} if one of them cannot be made
     * @throws SpecificationException if one of them cannot be made
     */
    public SpecificationWatch(
            List<SubModelSpecification> submodels,
            Optional<Path> file,
            UnaryOperator<List<SubModelSpecification>> usable) {
        this(submodels, file, usable, System::nanoTime);
    }

    SpecificationWatch(
            List<SubModelSpecification> submodels,
            Optional<Path> file,
            UnaryOperator<List<SubModelSpecification>> usable,
            LongSupplier nanoTime) {
        this.file = file;
        this.usable = usable;
        this.nanoTime = nanoTime;
        this.submodels = List.copyOf(usable.apply(submodels));
        this.lookedAt = nanoTime.getAsLong();
    }

    /** Those in force. */
    public List<SubModelSpecification> submodels() {
        return submodels;
    }

    /** Their names. */
    public Set<String> names() {
        return submodels.stream().map(SubModelSpecification::name).collect(Collectors.toSet());
    }

    /** The languages of their groups. */
    public List<String> languages() {
        return submodels.stream()
                .flatMap(submodel -> submodel.groups().stream())
                .map(SubModelSpecification.Group::language)
                .distinct()
                .toList();
    }

    /** Whether the file is as it is in force. */
    public boolean isRight() {
        return right;
    }

    /** Looks at the file, if it is time to; returns whether other sub-models are in force now. */
    public boolean hasChanged() {
        if (file.isEmpty() || nanoTime.getAsLong() - lookedAt < LOOK_AGAIN.toNanos()) {
            return false;
        }
        lookedAt = nanoTime.getAsLong();
        byte @Nullable [] content = content(file.get());
        if (Arrays.equals(content, seen)) {
            return false;
        }
        seen = content;
        return use(file.get());
    }

    private boolean use(Path changed) {
        try {
            List<SubModelSpecification> others = List.copyOf(usable.apply(SpecificationFile.read(changed)));
            boolean differ = !others.equals(submodels);
            if (differ || !right) {
                log.atInfo()
                        .addKeyValue("file", changed)
                        .addKeyValue("submodels", others.size())
                        .log("The file of sub-models has changed and is in force");
            }
            right = true;
            submodels = others;
            return differ;
        } catch (SpecificationException e) {
            right = false;
            log.atError()
                    .addKeyValue("file", changed)
                    .addKeyValue("reason", e.getMessage())
                    .log("The file of sub-models has changed and cannot be used; what was in force stays in force");
            return false;
        }
    }

    /** Null while it cannot be read, as in the moment between its removal and its replacement. */
    private static byte @Nullable [] content(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            return null;
        }
    }
}
