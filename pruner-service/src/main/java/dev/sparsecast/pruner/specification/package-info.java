/** Which sub-models to make of which groups, how, and when. */
@NullMarked
package dev.sparsecast.pruner.specification;

import org.jspecify.annotations.NullMarked;
