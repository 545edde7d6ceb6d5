/** Structured pruning: whole heads and neurons go, and what is left is a smaller model of the ordinary kind. */
@NullMarked
package dev.sparsecast.wanda.structured;

import org.jspecify.annotations.NullMarked;
