package dev.sparsecast.console.view;

import java.time.Instant;
import java.util.List;

/**
 * Everything that the page shows at once; what is large about a group stands in its {@link GroupDetail}.
 *
 * @param at when this was true
 * @param revision grows with every record that was read
 * @param releases newest first
 * @param deployments newest first
 * @param events newest first
 */
public record PipelineView(
        Instant at,
        long revision,
        FeedView feed,
        TrafficView traffic,
        ProfilingView profiling,
        List<GroupView> groups,
        List<ReleaseView> releases,
        List<DeploymentView> deployments,
        List<TopicCount> deadLetters,
        List<EventView> events) {}
