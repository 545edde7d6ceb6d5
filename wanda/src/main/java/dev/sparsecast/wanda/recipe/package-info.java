/** The smallest artifact of a release: what a deployer needs to make the same mask for itself. */
@NullMarked
package dev.sparsecast.wanda.recipe;

import org.jspecify.annotations.NullMarked;
