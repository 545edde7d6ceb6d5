/** The canonical manifest of a release and its Ed25519 signature. */
@NullMarked
package dev.sparsecast.schemas.signing;

import org.jspecify.annotations.NullMarked;
