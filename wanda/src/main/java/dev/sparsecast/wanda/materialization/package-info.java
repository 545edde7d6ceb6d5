/** Writes a pruned checkpoint: the base model's directory with zeros where the mask has them. */
@NullMarked
package dev.sparsecast.wanda.materialization;

import org.jspecify.annotations.NullMarked;
