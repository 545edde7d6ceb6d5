/** Commands to running pruners, by way of their topic. */
@NullMarked
package dev.sparsecast.pruner.command;

import org.jspecify.annotations.NullMarked;
