/** How much of each decoder block is pruned. */
@NullMarked
package dev.sparsecast.wanda.budget;

import org.jspecify.annotations.NullMarked;
