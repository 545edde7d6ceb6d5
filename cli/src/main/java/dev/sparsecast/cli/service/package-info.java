/** What every service needs of its process: probes and metrics over HTTP, and an orderly end. */
@NullMarked
package dev.sparsecast.cli.service;

import org.jspecify.annotations.NullMarked;
