/** From an artifact to a checkpoint on disk whose mask is the promised one. */
@NullMarked
package dev.sparsecast.deployer.materialization;

import org.jspecify.annotations.NullMarked;
