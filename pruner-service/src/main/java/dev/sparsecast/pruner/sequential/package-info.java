/** Pruning that profiles each decoder block on the outputs of the pruned ones before it, as Wanda's authors do. */
@NullMarked
package dev.sparsecast.pruner.sequential;

import org.jspecify.annotations.NullMarked;
