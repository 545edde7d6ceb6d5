/** Activation statistics of a model: sums per tap and channel, and the file that carries them. */
@NullMarked
package dev.sparsecast.checkpoint.statistics;

import org.jspecify.annotations.NullMarked;
