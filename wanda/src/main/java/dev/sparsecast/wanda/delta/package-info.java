/** What turns one mask into another: the compressed difference of a sub-model's mask and its parent's. */
@NullMarked
package dev.sparsecast.wanda.delta;

import org.jspecify.annotations.NullMarked;
