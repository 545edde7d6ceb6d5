/** Which releases are let in: signed by a trusted key, for this base model, of names and sizes that do no harm. */
@NullMarked
package dev.sparsecast.deployer.trust;

import org.jspecify.annotations.NullMarked;
