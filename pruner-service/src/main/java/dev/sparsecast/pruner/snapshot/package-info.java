/** Statistics of all layers that contain exactly the same flushes. */
@NullMarked
package dev.sparsecast.pruner.snapshot;

import org.jspecify.annotations.NullMarked;
