package dev.sparsecast.cli.demo;

import dev.sparsecast.cli.demo.Traffic.OwnCode;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What the story is told with.
 *
 * @param model the bundled model's directory
 * @param prompts directory of the bundled prompts
 * @param state where sub-models and the artifact store go
 * @param ownCode the user's own code, to be added to the traffic
 * @param consolePort port of the web page; 0 for any
 */
record DemoSettings(Path model, Path prompts, Path state, Optional<OwnCode> ownCode, int consolePort) {
    /** Share of weights pruned: enough that the differences are plain to see on so small a model. */
    static final double SPARSITY = 0.6;

    /** Prompts a second in phase 1 and in phase 2, where the shift should be seen coming. */
    static final double FIRST_RATE = 30;

    static final double SHIFT_RATE = 4;

    Path store() {
        return state.resolve("store");
    }

    Path deployed() {
        return state.resolve("deployed");
    }

    Path signingKey() {
        return state.resolve("keys").resolve("pruner.key");
    }

    Path verifyingKey() {
        return state.resolve("keys").resolve("pruner.pub");
    }
}
