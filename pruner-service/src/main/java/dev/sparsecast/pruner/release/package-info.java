/** Masks, artifacts, signature and store of a release. */
@NullMarked
package dev.sparsecast.pruner.release;

import org.jspecify.annotations.NullMarked;
