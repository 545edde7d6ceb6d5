package dev.sparsecast.deployer;

import java.nio.file.Path;

/** Told what a subscriber does, on the subscriber's thread, which goes on when a method returns. */
public interface SubModelListener {
    /** Listens to nothing. */
    SubModelListener NONE = new SubModelListener() {};

    /**
     * Another version is in use, forwards or back: the time to load it. Throwing anything switches back to the version
     * before, if this one is new. At start it is told of what is in use already, since its process has loaded nothing yet.
     *
     * @param directory the version's checkpoint, which transformers and others load: an absolute path that stays the
     *     version's for as long as it is kept
     */
    default void switched(String submodel, int version, Path directory) {}

    /**
     * What became of a release; it is acknowledged on the topic already. Releases that were overtaken by newer ones before
     * they were looked at are not reported. What is thrown here is logged and has no effect.
     */
    default void finished(Outcome outcome) {}
}
