"""Around a dbt project: gates, evaluation, publishing, report; never needed for an answer."""
