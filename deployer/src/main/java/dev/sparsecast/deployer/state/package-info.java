/** What a deployer has on disk: versions, the one in use, what was rejected, and how all of it survives being killed. */
@NullMarked
package dev.sparsecast.deployer.state;

import org.jspecify.annotations.NullMarked;
