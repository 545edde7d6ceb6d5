/** Subscribes to releases of sub-models and keeps the newest good one in place: the library and the service. */
@NullMarked
package dev.sparsecast.deployer;

import org.jspecify.annotations.NullMarked;
