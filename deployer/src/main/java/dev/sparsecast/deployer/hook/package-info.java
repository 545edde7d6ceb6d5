/** Telling others of a switch, and asking them whether it went well. */
@NullMarked
package dev.sparsecast.deployer.hook;

import org.jspecify.annotations.NullMarked;
