/** Deployers and those who follow releases over HTTP, on a real broker. */
@NullMarked
package dev.sparsecast.it.deployment;

import org.jspecify.annotations.NullMarked;
