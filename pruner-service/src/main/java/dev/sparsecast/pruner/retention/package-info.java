/** How long versions of releases stay in the artifact store. */
@NullMarked
package dev.sparsecast.pruner.retention;

import org.jspecify.annotations.NullMarked;
