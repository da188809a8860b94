using System.Diagnostics;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Cgi;

/// <summary>Where the time of a request went. What is left of it is the answer's way to a client that reads slowly.</summary>
/// <param name="Waiting">For places and turns, until its guest began or there was none.</param>
/// <param name="Receiving">The guest, or the runtime for it, waited for the request's body.</param>
/// <param name="Instance">Making an instance.</param>
/// <param name="Guest">The guest itself, its turns at the processor and its sleep included.</param>
/// <param name="Outbound">The guest waited for answers to requests that it had sent.</param>
internal readonly record struct RequestParts(TimeSpan Waiting, TimeSpan Receiving, TimeSpan Instance, TimeSpan Guest, TimeSpan Outbound)
{
    /// <summary>Of a request whose guest did not begin.</summary>
    /// <param name="start">When it began: a time stamp of <see cref="Stopwatch"/>.</param>
    /// <param name="received">When its body had been read as far as it was.</param>
    public static RequestParts WithoutRun(long start, long received) =>
        new(Stopwatch.GetElapsedTime(received), Stopwatch.GetElapsedTime(start, received), default, default, default);

    /// <param name="start">When it began: a time stamp of <see cref="Stopwatch"/>.</param>
    /// <param name="received">When its body had been read as far as the guest needed to begin.</param>
    /// <param name="run">The run of its guest.</param>
    public static RequestParts Of(long start, long received, in RunTimes run) => new(
        Stopwatch.GetElapsedTime(received, run.Start), Stopwatch.GetElapsedTime(start, received) + run.Input, run.Instance,
        run.Total - run.Instance - run.Input - run.Outbound - run.Output, run.Outbound);

    /// <summary>What is left of the time: the client had not taken the answer yet.</summary>
    /// <param name="duration">How long the request took.</param>
    public TimeSpan Sending(TimeSpan duration) => duration - Waiting - Receiving - Instance - Guest - Outbound;
}
