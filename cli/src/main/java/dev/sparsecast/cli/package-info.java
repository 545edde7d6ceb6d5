/** The entry of the {@code sparsecast} command. */
@NullMarked
package dev.sparsecast.cli;

import org.jspecify.annotations.NullMarked;
