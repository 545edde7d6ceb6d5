/** Arrays on the compute device: the only package that sees DJL, so that what must not be asked of it cannot be. */
@NullMarked
package dev.sparsecast.worker.device;

import org.jspecify.annotations.NullMarked;
