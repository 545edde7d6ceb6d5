/** A release on its way to being in use: one step after the other, each of which may be the last. */
@NullMarked
package dev.sparsecast.deployer.installation;

import org.jspecify.annotations.NullMarked;
