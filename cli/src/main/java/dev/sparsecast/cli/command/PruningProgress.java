package dev.sparsecast.cli.command;

import dev.sparsecast.cli.terminal.Progress;
import java.util.Locale;

/** Shows how far work on weights or masks is. */
final class PruningProgress {
    private PruningProgress() {}

    static dev.sparsecast.wanda.Progress on(Progress line) {
        return (stage, done, total) -> line.update(
                String.format(Locale.ROOT, "%s: %.0f %%", stage, total == 0 ? 100.0 : 100.0 * done / total));
    }
}
