/** The words of pruning: method, pattern, parameters, and the calibration that a sub-model is made from. */
@NullMarked
package dev.sparsecast.wanda;

import org.jspecify.annotations.NullMarked;
