using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Wagi.Runtime.Access;

namespace Wagi.Runtime.Admin;

/// <summary>What the page asks for once a second: what is new to it.</summary>
internal sealed record ConsoleReport
{
    /// <summary>Which process answers: another number means that all that the page knows is of one that has gone.</summary>
    public required long Process { get; init; }

    /// <summary>The number of this report; figures that change later have a higher one.</summary>
    public required long Number { get; init; }

    /// <summary>When it was made: milliseconds of a clock that only goes forward.</summary>
    public required double Time { get; init; }

    /// <summary>The number of <see cref="Status"/>.</summary>
    public required long Version { get; init; }

    /// <summary>What <c>/status</c> answers, as it does, for the member <c>status</c> beside this report; null: the page has it.</summary>
    [JsonIgnore]
    public required byte[]? Status { get; init; }

    /// <summary>Where the modules answer, if the page may send requests; null: it may not.</summary>
    public required string? SendsTo { get; init; }

    /// <summary>
    /// The figures that have changed, one row for each module: its index in <see cref="Status"/>, then requests, errors, running, waiting, bytes of
    /// memory, milliseconds of p50 and p99 (-1: there is none), and 1 where these two are of the last minute rather than since the module was loaded.
    /// </summary>
    public required ImmutableArray<double[]> Figures { get; init; }

    /// <summary>Requests that the page does not know yet, the oldest first.</summary>
    public required ImmutableArray<JournalEntry> Requests { get; init; }

    /// <summary>Failures that the page does not know yet, the oldest first.</summary>
    public required ImmutableArray<JournalEntry> Failures { get; init; }

    /// <summary>Requests that were too many to be kept, since the process started.</summary>
    public required long LeftOut { get; init; }
}

/// <summary>What the page knows already.</summary>
/// <param name="Process">As <see cref="ConsoleReport.Process"/>.</param>
/// <param name="Number">As <see cref="ConsoleReport.Number"/>.</param>
/// <param name="Version">As <see cref="ConsoleReport.Version"/>.</param>
/// <param name="Request">The number of the last request.</param>
/// <param name="Failure">The number of the last failure.</param>
internal sealed record ConsoleKnowledge(long Process, long Number, long Version, long Request, long Failure)
{
    /// <summary>Of a page that was just loaded.</summary>
    public static ConsoleKnowledge Nothing { get; } = new(0, 0, 0, 0, 0);
}

/// <summary>A module's own page: what its entry grants. Of environment variables the names only: values may be secret.</summary>
internal sealed record ConsoleModule
{
    /// <summary>The names that the module sees besides those of CGI, each with where it comes from.</summary>
    public required ImmutableArray<ConsoleVariable> Environment { get; init; }

    /// <summary>What a request may take: name and value, for people.</summary>
    public required ImmutableArray<ConsoleFact> Limits { get; init; }

    /// <summary>Origins that outbound HTTP reaches; empty: none.</summary>
    public required ImmutableArray<string> AllowedHosts { get; init; }

    /// <summary>What else the entry says: name and value, for people.</summary>
    public required ImmutableArray<ConsoleFact> Entry { get; init; }
}

/// <param name="Name">Its name.</param>
/// <param name="Source"><c>entry</c>, <c>secret</c>, or <c>all modules</c>.</param>
internal sealed record ConsoleVariable(string Name, string Source);

/// <param name="Name">What it is.</param>
/// <param name="Value">Its value.</param>
internal sealed record ConsoleFact(string Name, string Value);

/// <summary>A request that the form sends.</summary>
internal sealed record ConsoleRequest
{
    /// <summary>Its method.</summary>
    public required string Method { get; init; }

    /// <summary>Path and query.</summary>
    public required string Target { get; init; }

    /// <summary>Its headers, a line each; null: none.</summary>
    public string? Headers { get; init; }

    /// <summary>Its body; null: none.</summary>
    public string? Body { get; init; }
}

/// <summary>What came back.</summary>
internal sealed record ConsoleAnswer
{
    /// <summary>0: there was no answer.</summary>
    public int Status { get; init; }

    /// <summary>The status in words.</summary>
    public string Phrase { get; init; } = "";

    /// <summary>In their order: name, value.</summary>
    public ImmutableArray<ConsoleFact> Headers { get; init; } = [];

    /// <summary>The body, as far as it is shown; null: it is no text.</summary>
    public string? Text { get; init; }

    /// <summary>How much of the body was read.</summary>
    public long Bytes { get; init; }

    /// <summary>Until the last byte that was read.</summary>
    public double Milliseconds { get; init; }

    /// <summary>Why the body is not whole, or why there is no answer; null: nothing is missing.</summary>
    public string? Failure { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    GenerationMode = JsonSourceGenerationMode.Serialization)] // The page reads it; nothing of ours does.
[JsonSerializable(typeof(ConsoleReport))]
[JsonSerializable(typeof(ConsoleModule))]
[JsonSerializable(typeof(ConsoleAnswer))]
internal sealed partial class ConsoleJsonContext : JsonSerializerContext;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ConsoleRequest))]
internal sealed partial class ConsoleRequestJsonContext : JsonSerializerContext;
