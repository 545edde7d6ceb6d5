/** The subcommands of {@code sparsecast} and the options that they share. */
@NullMarked
package dev.sparsecast.cli.command;

import org.jspecify.annotations.NullMarked;
