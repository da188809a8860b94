namespace Wagi.Operator.ApiServer;

/// <summary>The parts of <c>meta/v1 Status</c>, the API server's error object, that are used here.</summary>
internal sealed record StatusAnswer
{
    public string? Reason { get; init; }

    public string? Message { get; init; }

    public int? Code { get; init; }
}
