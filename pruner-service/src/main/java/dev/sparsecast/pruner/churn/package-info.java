/** Mask churn: how much of a release's mask would be different if it were made again now, estimated from sampled rows. */
@NullMarked
package dev.sparsecast.pruner.churn;

import org.jspecify.annotations.NullMarked;
