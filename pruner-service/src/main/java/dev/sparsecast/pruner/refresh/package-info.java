/** When to make a release. */
@NullMarked
package dev.sparsecast.pruner.refresh;

import org.jspecify.annotations.NullMarked;
