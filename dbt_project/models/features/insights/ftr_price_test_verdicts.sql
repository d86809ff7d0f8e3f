select
    test_name,
    variant_name,
    verdict,
    reason
from {{ ref('stg_ml__price_test_verdicts') }}
