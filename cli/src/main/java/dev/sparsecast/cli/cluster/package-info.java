/** The cluster that commands talk to: where it is, whether it answers, and its topics. */
@NullMarked
package dev.sparsecast.cli.cluster;

import org.jspecify.annotations.NullMarked;
