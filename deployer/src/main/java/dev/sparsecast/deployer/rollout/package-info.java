/** Whose turn it is to take a release: some deployers first, the others when those found it good. */
@NullMarked
package dev.sparsecast.deployer.rollout;

import org.jspecify.annotations.NullMarked;
