/** The embedded stack: a real broker in this process and a real schema registry beside it, started and stopped by the command. */
@NullMarked
package dev.sparsecast.cli.stack;

import org.jspecify.annotations.NullMarked;
