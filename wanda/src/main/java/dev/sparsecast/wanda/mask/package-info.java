/** Masks as data: bits per weight, their file, their comparison, and a model seen through them. */
@NullMarked
package dev.sparsecast.wanda.mask;

import org.jspecify.annotations.NullMarked;
