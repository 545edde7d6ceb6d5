package dev.sparsecast.cli.command;

/** A command that runs until it is stopped, whose log is worth reading while it does. */
interface Service {}
