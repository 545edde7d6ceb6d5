/** Which weights of a row stay: the scores, the order and the kernels that find it without sorting. */
@NullMarked
package dev.sparsecast.wanda.selection;

import org.jspecify.annotations.NullMarked;
