/** Where the broker and the registry are, and which topics they must have. */
@NullMarked
package dev.sparsecast.schemas.cluster;

import org.jspecify.annotations.NullMarked;
