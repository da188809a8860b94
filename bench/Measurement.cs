namespace Wagi.Bench;

/// <summary>Runs measurements one after the other.</summary>
internal static class Measurement
{
    /// <summary>True when a measurement came to no result.</summary>
    public static bool Failed { get; private set; }

    /// <summary>Runs one measurement; one that cannot run here says why, and the others go on.</summary>
    public static async Task RunAsync(string name, Func<Task> run)
    {
        try
        {
            await run();
        }
        catch (CannotMeasureException reason)
        {
            Console.WriteLine($"skipped {name}: {reason.Message}");
        }
        catch (Exception error)
        {
            Failed = true;
            Console.Error.WriteLine($"bench: {name} failed: {error}");
        }
    }
}
