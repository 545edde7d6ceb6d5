/** What the user sees and does in a terminal: JSON on standard output, progress and logs on standard error, signals, exit codes. */
@NullMarked
package dev.sparsecast.cli.terminal;

import org.jspecify.annotations.NullMarked;
